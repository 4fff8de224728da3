import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { PreviewController } from './preview.controller';
import { PreviewService } from './preview.service';

@Module({
  imports: [CatalogModule],
  controllers: [PreviewController],
  providers: [PreviewService],
})
export class RatingModule {}
